"""The look: colours, icons, sizes and rules of the templates, measured without a browser."""
