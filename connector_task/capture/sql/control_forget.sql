-- Forgets a mapping that is configured no more.
DELETE FROM public.ablycontroltable
WHERE
    tablename = %s
    AND ablychannelname = %s
    AND operation = %s;
