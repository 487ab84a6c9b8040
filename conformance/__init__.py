"""The conformance kit: drives any speaker through the protocol and says which rules it keeps."""
