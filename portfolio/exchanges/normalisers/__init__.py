"""From one raw record to the event it describes, per exchange; pure and offline."""
