"""Commands about people, keys and the installation: `script/manage COMMAND`."""
