"""The doors through which facts come in: files, HTTP, and a generator of synthetic ones."""
