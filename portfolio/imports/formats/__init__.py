"""The import formats, a module each, of one FORMAT or several FORMATS; a new module is found."""
