"""Files that belong together, and the processes, machines and cache that take them off this one."""
