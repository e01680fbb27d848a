-- How many unfinished runs need which schema at least. KEYS: active, absent. ARGV: what the key of a run begins
-- with. Returns {schema, runs, ...}.
local runs, found = {}, {}
for _, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  -- One that is damaged must not keep the others from being counted.
  local run = redis.pcall('HMGET', ARGV[1] .. id, 'state', 'schema')
  if run[1] == 'running' and string.match(run[2] or '', '^%d+%.?%d*$') then runs[run[2]] = (runs[run[2]] or 0) + 1 end
end
for schema, count in pairs(runs) do
  found[#found + 1] = schema
  found[#found + 1] = count
end
return found
