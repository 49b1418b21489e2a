"""Item models: values for tables, never widgets."""
