-- Notes a mapping as installed.
INSERT INTO public.ablycontroltable (tablename, ablychannelname, operation)
VALUES (%(table)s, %(channel)s, %(operation)s);
