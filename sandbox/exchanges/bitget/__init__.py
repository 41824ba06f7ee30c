"""Bitget (classic account, API v2): spot, margin, futures, savings, and the tax records."""
