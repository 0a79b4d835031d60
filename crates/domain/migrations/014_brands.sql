-- What a brand's logo is drawn with where something shines through it, so that it is never dark on dark.

ALTER TABLE workspaces ADD COLUMN logo_ink TEXT;                                -- 'dark', 'light', or neither
