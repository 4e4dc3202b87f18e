"""A model of the law of State spending, written from the texts alone: it shares no code with the engine."""
