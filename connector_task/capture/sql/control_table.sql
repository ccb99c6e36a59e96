-- The original connector's list of what is installed, kept for programs that read it.
CREATE TABLE public.ablycontroltable (
    tablename varchar(100) NOT NULL,
    ablychannelname varchar(100) NOT NULL,
    operation varchar(50) NOT NULL,
    CONSTRAINT ablycontroltable_pkey PRIMARY KEY (tablename, ablychannelname, operation)
);
