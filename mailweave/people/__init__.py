"""Who works here: workspaces, users, memberships, invitations."""
