"""One module per cause of findings; found by ``portfolio.selectors.finder``."""
