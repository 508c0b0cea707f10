BEGIN; INSERT INTO placed VALUES (7, 1, '078-05-1120'); ROLLBACK; -- L601 a value under a key of two columns, in the place of one that is there
BEGIN; INSERT INTO placed VALUES (7, 2, '078-05-1120'); ROLLBACK; -- L602 in another place
BEGIN; INSERT INTO placed VALUES (7, 1, '078-05-1120'), (8, 2, '078-05-1120') ON CONFLICT (tenant, ssn) DO NOTHING RETURNING id; ROLLBACK; -- L603 which of two is left out
BEGIN; UPDATE placed SET ssn = '078-05-1120' WHERE id = 3 RETURNING id; ROLLBACK; -- L604 a row in the same place gets it
BEGIN; UPDATE placed SET ssn = '078-05-1120' WHERE id = 2 RETURNING id; ROLLBACK; -- L605 one in another
BEGIN; UPDATE placed SET ssn = '078-05-1120', tenant = 1 WHERE id = 2 RETURNING id; ROLLBACK; -- L606 one that is moved as well
SELECT id FROM placed WHERE tenant = 1 AND ssn = '078-05-1120'; -- L607 the row of both
BEGIN; UPDATE placed SET tenant = 1 WHERE id = 4; ROLLBACK; -- L608 whether a row of another place has the same
BEGIN; UPDATE placed SET ssn = '078-05-1120', tenant = tenant + 1 WHERE id = 2; ROLLBACK; -- L609 a place that follows from the row
BEGIN; INSERT INTO placed VALUES (7, (SELECT max(tenant) FROM placed WHERE ssn > '2'), '078-05-1120'); ROLLBACK; -- L610 a place that follows from labelled values
BEGIN; UPDATE twins SET ssn = '078-05-1120' WHERE id = 2; ROLLBACK; -- L611 a key over two labelled columns, of which one is given
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT p.id, t.note FROM placed p JOIN (VALUES (1, 'a'), (2, 'b'), (3, 'c')) t (tenant, note) ON t.tenant = p.tenant WHERE p.ssn = '078-05-1120'; -- L612 rows with the value, as an index brings them
SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT p.id FROM placed p JOIN placed o ON o.tenant = p.tenant WHERE p.ssn = '078-05-1120'; -- L613 beside rows with another
BEGIN; INSERT INTO mailed (id, ssn) VALUES (7, '078-05-1120'); ROLLBACK; -- L621 a value under a key over small letters, of rows that are not deleted
BEGIN; INSERT INTO mailed (id, ssn) VALUES (7, '457-55-5462'); ROLLBACK; -- L622 one that only a deleted row has
BEGIN; UPDATE mailed SET ssn = '078-05-1120' WHERE id = 2 RETURNING id; ROLLBACK; -- L623 a row gets it
BEGIN; UPDATE mailed SET ssn = '078-05-1120' WHERE id = 3 RETURNING id; ROLLBACK; -- L624 a deleted row gets it
BEGIN; UPDATE mailed SET gone = 'yes' WHERE id = 1; INSERT INTO mailed (id, ssn) VALUES (7, '078-05-1120'); UPDATE mailed SET gone = NULL WHERE id = 1; ROLLBACK; -- L625 whether a row that comes back has the value
