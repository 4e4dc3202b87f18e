"""Programmes that follow others by an order, from one year to a later one (rule A64).

Acts of one programme alone never read them: the table is looked through where two programmes differ.
"""

from kernels.jit import part, rare_part


@rare_part
def _follows_by_order(book, own, old):
    """Return whether an order lets the programme of ``own`` follow that of ``old``, in their years."""
    after, before = book.cells[own], book.cells[old]
    for row in range(book.followers.size):
        pair = book.followers[row]
        is_before = pair.year == before.year and pair.programme == before.programme
        if is_before and pair.later_year == after.year and pair.follower == after.programme:
            return True
    return False


@part
def is_of_other_programme(book, own, old):
    """Return whether the programmes of two assignments differ, whatever an order says."""
    return book.cells[own].programme != book.cells[old].programme


@part
def follows(book, own, old):
    """Return whether ``own`` is of the programme of ``old``, or of one that follows it by an order."""
    return not is_of_other_programme(book, own, old) or _follows_by_order(book, own, old)
