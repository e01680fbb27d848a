-- Put a dead letter back on its agent's stream. KEYS: dead, tasks. ARGV: dead letter's id, its new signature ('' = all
-- stays as it was). Returns the message's new id, or nil when there is no such letter any more.
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if not found[1] then return nil end
local fields = {}
for i = 1, #found[1][2], 2 do
  local name = found[1][2][i]
  if name ~= 'reason' and name ~= 'entry' and (name ~= 's' or ARGV[2] == '') then
    fields[#fields + 1] = name
    fields[#fields + 1] = found[1][2][i + 1]
  end
end
redis.call('XDEL', KEYS[1], ARGV[1])
if #fields == 0 then return nil end
if ARGV[2] ~= '' then
  fields[#fields + 1] = 's'
  fields[#fields + 1] = ARGV[2]
end
return redis.call('XADD', KEYS[2], '*', unpack(fields))
