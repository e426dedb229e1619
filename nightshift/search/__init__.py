"""Looking for frames: where each lies, which are alike, and which somebody wants asked next."""
