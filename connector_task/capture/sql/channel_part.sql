(
                -- Most values stand for themselves: the function is for the others.
                SELECT
                    CASE
                        WHEN
                            length(part.value) <= 256
                            AND part.value COLLATE "C" ~ '^[A-Za-z0-9_.!~*''()-]*$'
                            THEN part.value
                        ELSE ably.channel_part(part.value)
                    END
                FROM (SELECT {value} AS value OFFSET 0) AS part
            )
