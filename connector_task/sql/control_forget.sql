-- Forgets a mapping that is configured no more.
DELETE FROM public.ablycontroltable
WHERE
    tablename = %(table)s
    AND ablychannelname = %(channel)s
    AND operation = %(operation)s;
