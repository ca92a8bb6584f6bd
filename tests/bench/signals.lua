-- signals.lua FILE.pcap (for dnsjit): counts DNS messages and key tag queries, as fast as dnsjit can.
--
-- Less than `rollcall observe` does: no source is remembered, nothing is written, no segments of TCP are put
-- together, of a query only header, first label and type are looked at.
local ffi = require("ffi")
local object = require("dnsjit.core.objects")
local bit = require("bit")
local input = require("dnsjit.input.mmpcap").new()
local layer = require("dnsjit.filter.layer").new()
if input:open(arg[2]) ~= 0 then
    os.exit(66)
end
layer:producer(input)
local produce, context = layer:produce()
local messages, queries, truncated, signals = 0, 0, 0, 0

while true do
    local seen = produce(context)
    if seen == nil then
        break
    end
    if seen.obj_type == object.PAYLOAD then
        local payload = ffi.cast("core_object_payload_t*", seen)
        local below = seen.obj_prev
        local at, length = payload.payload, tonumber(payload.len)
        local from, to
        if below.obj_type == object.UDP then
            local udp = ffi.cast("core_object_udp_t*", below)
            from, to = udp.sport, udp.dport
        elseif below.obj_type == object.TCP then
            local tcp = ffi.cast("core_object_tcp_t*", below)
            from, to = tcp.sport, tcp.dport
            at, length = at + 2, length - 2
        end
        if (from == 53 or to == 53) and length >= 17 then
            messages = messages + 1
            if at[2] >= 128 then
                truncated = truncated + bit.band(bit.rshift(at[2], 1), 1)
            else
                queries = queries + 1
                -- "_ta-", without regard to case; then label and root, type NULL
                local label = at[12]
                if at[13] == 0x5f and bit.bor(at[14], 0x20) == 0x74 and bit.bor(at[15], 0x20) == 0x61 and at[16] == 0x2d
                    and label % 5 == 3 and length >= label + 18 and at[13 + label] == 0 and at[14 + label] == 0 and at[15 + label] == 10 then
                    signals = signals + 1
                end
            end
        end
    end
end
print(string.format('{"messages": %d, "queries": %d, "truncated": %d, "signals": %d}', messages, queries, truncated, signals))
