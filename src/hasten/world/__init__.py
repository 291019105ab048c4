"""
The only code that touches the outside: servers, processes, sockets, files of the application.
"""
