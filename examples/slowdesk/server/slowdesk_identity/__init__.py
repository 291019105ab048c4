"""The identity provider: who may sign in, and which tokens are good."""
