"""XML messages as columns: declared once, read by a scanner kernel, or by lxml where that declines.

Whoever reads messages declares each version as a ``core.tables.xml.Message``: its namespace, and a tree of ``Element``
that says which elements are rows (``record``), which texts are cells (``column``), what may stand there and is passed over
(``ignored``), what must (``needed``), what may come again (``many``).  ``lenient`` below an element takes children in any
order and passes over those it does not know; elsewhere they are refused.  Then::

    document = read(file, {message.namespace: message, ...})        # markup.reader
    for rows in document.rows:                                      # rows.record, rows.first, rows.batch
        ...

``batch`` is an Arrow record batch: a text a column (empty for none), and ``within``, the row of the outer record, counted
from the start of the document.  Rows come as they are whole, in document order by record.  The row of an outer record is
whole when it ends, or, if it is ``early``, when the first row inside it begins: it then comes before those.  Memory does
not grow with the document.  What is wrong is raised as ``markup.rows.Faulty``: a ``core.tables.xml.Fault`` and a byte;
``markup.errors.refusal`` puts it in words.  Rows that came before are right, and of no use: the document is refused whole.

Texts are taken for what they are: amounts, days, IBANs are read by the kernels, from the buffers of the columns.
"""
