"""XXH3-128 with seed 0 in plain Python, from the specification of xxHash.

Slow, but Python's own library has none, and a second reader should not share
code with the first.
"""

M32 = (1 << 32) - 1
M64 = (1 << 64) - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
MIX_1, MIX_2 = 0x165667919E3779F9, 0x9FB21C651E98DF25

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")


def r32(b, at=0):
    return int.from_bytes(b[at:at + 4], "little")


def r64(b, at=0):
    return int.from_bytes(b[at:at + 8], "little")


def swap(n, width):
    return int.from_bytes(n.to_bytes(width, "little"), "big")


def avalanche64(h):
    h = (h ^ h >> 33) * P64_2 & M64
    h = (h ^ h >> 29) * P64_3 & M64
    return h ^ h >> 32


def avalanche(h):
    h = (h ^ h >> 37) * MIX_1 & M64
    return h ^ h >> 32


def fold(a, b):
    product = a * b
    return product & M64 ^ product >> 64


def up_to_3(b):
    n = len(b)
    low = b[0] << 16 | b[n >> 1] << 24 | b[n - 1] | n << 8
    high = swap(low, 4)
    high = (high << 13 | high >> 19) & M32
    return (avalanche64(low ^ r32(SECRET) ^ r32(SECRET, 4)),
            avalanche64(high ^ r32(SECRET, 8) ^ r32(SECRET, 12)))


def up_to_8(b):
    n = len(b)
    keyed = r32(b) + (r32(b, n - 4) << 32) ^ r64(SECRET, 16) ^ r64(SECRET, 24)
    product = keyed * (P64_1 + (n << 2) & M64)
    low, high = product & M64, product >> 64
    high = high + (low << 1) & M64
    low ^= high >> 3
    low = (low ^ low >> 35) * MIX_2 & M64
    return low ^ low >> 28, avalanche(high)


def up_to_16(b):
    n = len(b)
    flip_low = r64(SECRET, 32) ^ r64(SECRET, 40)
    flip_high = r64(SECRET, 48) ^ r64(SECRET, 56)
    first, last = r64(b), r64(b, n - 8)
    product = (first ^ last ^ flip_low) * P64_1
    low = (product & M64) + (n - 1 << 54) & M64
    last ^= flip_high
    high = (product >> 64) + last + (last & M32) * (P32_2 - 1) & M64
    low ^= swap(high, 8)
    product = low * P64_2
    high = (product >> 64) + high * P64_2 & M64
    return avalanche(product & M64), avalanche(high)


def mix_16(b, at, s):
    return fold(r64(b, at) ^ r64(SECRET, s), r64(b, at + 8) ^ r64(SECRET, s + 8))


def mix_32(acc, b, one, two, s):
    low, high = acc
    low = (low + mix_16(b, one, s) & M64) ^ (r64(b, two) + r64(b, two + 8) & M64)
    high = ((high + mix_16(b, two, s + 16) & M64)
            ^ (r64(b, one) + r64(b, one + 8) & M64))
    return low, high


def up_to_240(b):
    n = len(b)
    acc = n * P64_1 & M64, 0
    if n <= 128:
        for i in reversed(range((n - 1) // 32 + 1)):
            acc = mix_32(acc, b, 16 * i, n - 16 * (i + 1), 32 * i)
    else:
        for i in range(4):
            acc = mix_32(acc, b, 32 * i, 32 * i + 16, 32 * i)
        acc = avalanche(acc[0]), avalanche(acc[1])
        for i in range(4, n // 32):
            acc = mix_32(acc, b, 32 * i, 32 * i + 16, 3 + 32 * (i - 4))
        acc = mix_32(acc, b, n - 16, n - 32, 136 - 17 - 16)
    low, high = acc
    return (avalanche(low + high & M64),
            -avalanche(low * P64_1 + high * P64_4 + n * P64_2 & M64) & M64)


def accumulate(acc, b, at, s):
    for i in range(8):
        value = r64(b, at + 8 * i)
        key = value ^ r64(SECRET, s + 8 * i)
        acc[i ^ 1] = acc[i ^ 1] + value & M64
        acc[i] = acc[i] + (key & M32) * (key >> 32) & M64


def merge(acc, s, start):
    for i in range(4):
        start += fold(acc[2 * i] ^ r64(SECRET, s + 16 * i),
                      acc[2 * i + 1] ^ r64(SECRET, s + 16 * i + 8))
    return avalanche(start & M64)


def long(b):
    n = len(b)
    acc = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    for stripe in range((n - 1) // 64):
        accumulate(acc, b, 64 * stripe, 8 * (stripe % 16))
        if stripe % 16 == 15 and 64 * (stripe + 1) <= (n - 1) // 1024 * 1024:
            for i in range(8):
                acc[i] = ((acc[i] ^ acc[i] >> 47 ^ r64(SECRET, 128 + 8 * i))
                          * P32_1 & M64)
    accumulate(acc, b, n - 64, 192 - 64 - 7)
    return (merge(acc, 11, n * P64_1 & M64),
            merge(acc, 192 - 64 - 11, ~(n * P64_2) & M64))


def xxh3_128(b):
    """The 16 bytes of the hash, the highest first."""
    n = len(b)
    if n == 0:
        low = avalanche64(r64(SECRET, 64) ^ r64(SECRET, 72))
        high = avalanche64(r64(SECRET, 80) ^ r64(SECRET, 88))
    elif n <= 3:
        low, high = up_to_3(b)
    elif n <= 8:
        low, high = up_to_8(b)
    elif n <= 16:
        low, high = up_to_16(b)
    elif n <= 240:
        low, high = up_to_240(b)
    else:
        low, high = long(b)
    return high.to_bytes(8, "big") + low.to_bytes(8, "big")
