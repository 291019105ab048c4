"""
Sets up what `make demo` and `make test` need: two Python environments, the front end, and a browser.

Standard library only, because nothing is installed yet when it runs.
`needs` says what the machine lacks, `steps` names what is to be done and when it is done already,
`stamps` remember it by content, `commands` run pip and npm, `display` shows it.
"""
