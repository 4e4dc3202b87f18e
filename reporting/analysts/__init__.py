"""What analysts read: the views of the schema ``analysis_v1``, and the data that a refresh derives for them.

Everything here is read from the journal and the reference data; nothing of it is read by the engine.
"""
