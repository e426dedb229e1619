"""placeholder"""
def radosgw_server(folder): raise NotImplementedError
