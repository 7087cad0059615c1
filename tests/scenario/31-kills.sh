#!/usr/bin/env bash
# Runs are killed at random moments, while a program edits, replaces and renames
# files in the home all the time and another machine publishes. Afterwards two
# runs bring all into order, and nothing that was written is lost.
set -eu
# shellcheck source=tests/scenario/lib.sh
. "${srcdir:-.}/tests/scenario/lib.sh"
# shellcheck source=tests/scenario/harm.sh
. "$srcdir/tests/scenario/harm.sh"

seed=${ROAM_SEED:-$RANDOM}
RANDOM=$seed
echo "ROAM_SEED=$seed"
a=$work/a b=$work/b

mkdir -p "$a"
python3 - "$a" "$seed" <<-'END'
	import os, random, sys
	random.seed(sys.argv[2])
	os.chdir(sys.argv[1])
	for d in range(10):
	    os.mkdir('d%d' % d)
	    for f in range(30):
	        with open('d%d/f%d' % (d, f), 'w') as out:
	            out.write('first d%d/f%d\n' % (d, f) * random.randrange(1, 500))
	with open('big', 'wb') as out:
	    out.write(random.randbytes(20 << 20))
END
expect 0 on a -q sync
expect 0 on b -q sync

# work_on HOME NAME SECONDS PAUSE: a program at work in HOME. It leaves behind in
# $work/NAME.log what it wrote last to which name; what it wrote over, moved
# away or removed itself it no longer wants.
cat > "$work/work_on.py" <<-'END'
	import json, os, random, sys, time
	home, name, seconds, pause, seed = sys.argv[1:6]
	random.seed(seed + name)
	os.chdir(home)
	wrote, end = {}, time.time() + float(seconds)
	def text(n):
	    return ('%s %d\n' % (name, n)) * random.randrange(1, 400)
	def in_place(path, what):
	    os.stat(path)
	    wrote.pop(path, None) # if we are stopped in here, who knows
	    with open(path, 'w') as f:
	        f.write(what)
	    wrote[path] = what
	def replaced(path, what):
	    with open(path + '.part', 'w') as f:
	        f.write(what)
	    os.rename(path + '.part', path)
	    wrote[path] = what
	def moved(path, what):
	    to = 'd%d/m%d' % (random.randrange(10), random.randrange(30))
	    os.rename(path, to)
	    wrote.pop(to, None)
	    if path in wrote:
	        wrote[to] = wrote.pop(path)
	def removed(path, what):
	    os.remove(path)
	    wrote.pop(path, None)
	def big(path, what):
	    if name == 'writer':
	        with open('big', 'r+b') as f:
	            f.seek(random.randrange(20 << 20))
	            f.write(what.encode())
	acts = [in_place] * 4 + [replaced] * 4 + [moved] * 2 + [removed, big]
	n = 0
	while time.time() < end and not os.path.exists(sys.argv[6]):
	    n += 1
	    path = 'd%d/%s%d' % (random.randrange(10), random.choice('ffm'),
	        random.randrange(30))
	    try:
	        random.choice(acts)(path, text(n))
	    except FileNotFoundError:
	        pass
	    time.sleep(float(pause) * random.random())
	with open(sys.argv[7], 'w') as f:
	    json.dump(wrote, f)
	print(name, n, 'acts')
END
work_on() {
	python3 "$work/work_on.py" "$1" "$2" "$3" "$4" "$seed" "$work/stop" \
		"$work/$2.log"
}

now_ms() {
	echo "$((${EPOCHREALTIME/./} / 1000))"
}

work_on "$a" writer 60 0.02 &
writer=$!
commands=(sync pull push sync)
cut=0 longest=50
for round in {1..40}; do
	if [ $((round % 4)) = 1 ]; then
		work_on "$b" "other$round" 0.3 0.01
		status=0
		on b -q sync > /dev/null 2> "$work/.err" || status=$?
		[ "$status" = 0 ] || [ "$status" = 7 ] ||
			fail "b: exit $status: $(cat "$work/.err")"
	fi
	command=${commands[round % 4]}
	# The program itself, not a function around it: that is what is killed.
	ROAM_MACHINE=a "$ROAM" --home "$a" --store "file://$store" \
		--no-progress -q "$command" > /dev/null 2> "$work/.err" &
	run=$! begin=$(now_ms)
	sleep "$(printf '0.%03d' $((RANDOM % longest)))"
	kill -KILL "$run" 2> /dev/null || :
	status=0
	wait "$run" 2> /dev/null || status=$?
	case $status in
	137) cut=$((cut + 1)) ;;
	0 | 7) # as long as that takes here
		longest=$(($(now_ms) - begin + 5))
		longest=$((longest > 900 ? 900 : longest))
		;;
	*) fail "round $round, $command: exit $status: $(cat "$work/.err")" ;;
	esac
done
: > "$work/stop"
wait "$writer"
echo "$cut of 40 runs were killed"
[ "$cut" -gt 5 ] || fail "too few"

cp "$a/big" "$work/big"
expect 0 on a sync
expect 0 on b sync
expect 0 on a sync
same_pictures a b
idle a sync
idle b sync
tidy a b
cmp "$a/big" "$work/big" || fail "the large file is not what was written"
expect 0 on a verify --data

# All that the two machines wrote is in the home, the conflicts or the past.
mkdir "$work/past"
for id in $(conflicts_of a | cut -d ' ' -f 1); do
	on a conflicts show "$id" > "$work/past/$id"
done
missing() {
	python3 - "$work"/*.log -- "$a" "$work/past" <<-'END'
	import json, os, sys
	there = set()
	split = sys.argv.index('--')
	for top in sys.argv[split + 1:]:
	    for folder, below, names in os.walk(top):
	        if '/.local' in folder: continue
	        for name in names:
	            if name == 'big': continue
	            there.add(open(os.path.join(folder, name)).read())
	for log in sys.argv[1:split]:
	    for path, text in json.load(open(log)).items():
	        if text not in there:
	            print(os.path.basename(log), path, text.split('\n')[0])
	END
}
missing > "$work/missing"
if [ -s "$work/missing" ]; then
	for gen in "$store"/gen/*; do
		mkdir "$work/past/${gen##*/}"
		expect 0 on a -q restore . --from "$((10#${gen##*/}))" \
			--to "$work/past/${gen##*/}"
	done
	missing > "$work/missing"
fi
[ ! -s "$work/missing" ] || fail "lost: $(cat "$work/missing")"
