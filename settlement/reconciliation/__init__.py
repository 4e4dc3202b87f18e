"""What banks answer, matched with what was sent, and as acts.

A message becomes a file of acts like any other, which goes the ordinary way into the journal: so it is posted once, whatever
is killed and whenever.  What does not match is kept beside the message, with the reason.
"""
