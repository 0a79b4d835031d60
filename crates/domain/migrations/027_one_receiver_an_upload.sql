-- One connection at a time adds bytes to an upload, on whichever node it is.
ALTER TABLE uploads ADD COLUMN receiver UUID;       -- the one that does; null: none
ALTER TABLE uploads ADD COLUMN staged UUID;         -- the name of its bytes until they are complete; null: its id
ALTER TABLE uploads ADD COLUMN metadata TEXT;       -- as the client sent it, to be given back
