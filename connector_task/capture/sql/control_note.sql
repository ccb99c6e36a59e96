-- Notes a mapping as installed.
INSERT INTO public.ablycontroltable (tablename, ablychannelname, operation)
VALUES (%s, %s, %s);
