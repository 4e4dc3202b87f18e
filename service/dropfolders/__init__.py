"""Drop folders: files as SFTP servers leave them, one folder a sender; signatures checked, results written back."""
