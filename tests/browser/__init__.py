"""The product as a person meets it: `manage.py up`, and Chromium in front of it."""
