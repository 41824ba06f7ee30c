"""What changes an account, beyond what django-allauth does."""
