"""Methods that a MindSpore cell has under torch's name, and that do something else."""

CELL = (
    "register_forward_hook",
    "register_forward_pre_hook",
    "register_backward_hook",
    "state_dict",
    "load_state_dict",
    "register_buffer",
    "buffers",
    "named_buffers",
    "compile",
)
