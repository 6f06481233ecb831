"""Read what people have: each reader makes three raw tables, which `assemble` checks."""
