"""Resolution of decoded text into the codes and numbers of the book."""
