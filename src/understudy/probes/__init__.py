"""Pictures made to be sent, so that `learn` can see a step."""
