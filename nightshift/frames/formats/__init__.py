"""Readers of label files, one form each: `find` says where such labels are, `read` reads them with labelformat."""
