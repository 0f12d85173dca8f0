#!/usr/bin/env bash
# Captures the golden vectors anew. Needs a JDK 17 or later, kcat and the jars of Kafka 4.1.1 (KAFKA_LIBS, a directory).
# Argument: where the cases go, this package's testdata/v1 by default.
# Starts one broker on 127.0.0.1 (PORT, PORT+1) with a data directory of its own, and stops it at the end.
set -euo pipefail
: "${KAFKA_LIBS:?directory with the jars of Kafka}"
port=${PORT:-19392}
here=$(cd "$(dirname "$0")" && pwd)
cases=${1:-$here/../v1}
work=$(mktemp -d)
broker=
cleanup() {
  if [ -n "$broker" ]; then kill "$broker" && wait "$broker" || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

# The records are of 2023: retention would remove them once its first round comes.
cat >"$work/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$((port + 1))
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
log.dirs=$work/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
log.cleaner.backoff.ms=200
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=4194304
EOF
java=(java -Xmx512m -cp "$KAFKA_LIBS/*")
"${java[@]}" kafka.tools.StorageTool format -t 3Dq8pYJ0Q0mW0r8o0mXbNw -c "$work/server.properties" >"$work/format.log"
"${java[@]}" kafka.Kafka "$work/server.properties" >"$work/broker.log" 2>&1 &
broker=$!
for _ in $(seq 60); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  sleep 0.5
done

"${java[@]}" "$here/ProduceCases.java" "127.0.0.1:$port" "$work/data" "$cases"
# A producer that is not Java, whose libraries frame the same codecs their own way.
for codec in gzip snappy lz4 zstd; do
  for i in $(seq 40); do
    printf 'key-%d:%d %0*d %s\n' "$i" "$i" 3000 0 "$(printf '%s' "$i" | sha256sum)"
  done | kcat -P -b "127.0.0.1:$port" -t "librdkafka-$codec" -p 0 -z "$codec" -K : -H "n=$codec" -X linger.ms=1000
done
mkdir "$work/classes"
javac -cp "$KAFKA_LIBS/*" -d "$work/classes" "$here/DescribeBatches.java"
cut_batch() { # topic, index of the batch, case
  java -cp "$work/classes:$KAFKA_LIBS/*" DescribeBatches "$work/data/$1-0" "$2" "$cases/$3"
}
for codec in none gzip snappy lz4 zstd; do
  cut_batch "codec-$codec" 0 "$codec"
  cut_batch "large-$codec" 0 "$codec-large"
done
for codec in gzip snappy lz4 zstd; do
  cut_batch "librdkafka-$codec" 0 "librdkafka-$codec"
done
cut_batch nulls 0 null-and-empty
cut_batch headers 0 headers
cut_batch timestamps 0 timestamps
cut_batch log-append-time 0 log-append-time
cut_batch transactions 0 transactional
cut_batch transactions 1 control-commit
cut_batch transactions 2 transactional-aborted
cut_batch transactions 3 control-abort
cut_batch compacted-none 0 compacted-holes
cut_batch compacted-gzip 0 compacted-holes-gzip
cut_batch compacted-empty 0 compacted-empty
cut_batch delete-horizon 0 delete-horizon
