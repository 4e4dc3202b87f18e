"""XML messages as columns: declared once, read by a scanner kernel, or by lxml where the scanner declines.

A reader of messages declares each version as a ``core.tables.xml.XmlMessage``: its namespace, and a tree of
``XmlElement`` that says which elements are rows (``record``), which texts are cells (``column``), which elements are
skipped (``is_ignored``), required (``is_required``) or repeatable (``is_repeatable``).  Below an ``is_lenient`` element
children may come in any order and unknown ones are skipped; elsewhere they are refused.  Then::

    document = read_document(file, {message.namespace: message, ...})   # markup.reader
    for rows in document.rows:                                          # rows.record, rows.first, rows.batch
        ...

``batch`` is an Arrow record batch: one text column for each declared column (empty for none), and ``within``, the row
of the outer record, counted from the start of the document.  Rows are yielded when they are complete, in document order
by record.  The row of an outer record is complete at its end, or, if it is ``is_early``, when the first row inside it
begins: it is then yielded before those.  Memory does not grow with the document.  A fault is raised as
``markup.rows.DocumentFaulty``: a ``core.tables.xml.XmlFault`` and a byte offset; ``markup.errors.describe_fault`` turns
it into an error for the sender.  Rows yielded before a fault are correct but must not be used: the document is refused
whole.

Texts are not interpreted here: kernels parse amounts, days and IBANs from the buffers of the columns.
"""
