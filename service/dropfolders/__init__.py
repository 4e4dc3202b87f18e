"""Drop folders: files that SFTP servers store, one folder per sender. Signatures are checked, results written back."""
