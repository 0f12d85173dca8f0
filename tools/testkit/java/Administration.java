import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** Topics, configurations, groups and ACLs through Kafka's admin client. */
final class Administration {
    private static final long TIMEOUT_SECONDS = 30;

    private final Admin admin;
    private final JsonNode request;

    private Administration(Admin admin, JsonNode request) {
        this.admin = admin;
        this.request = request;
    }

    static Object run(String op, JsonNode request) throws Exception {
        Properties properties = Oracle.clientProperties(request);
        properties.putIfAbsent("default.api.timeout.ms", "30000");
        properties.putIfAbsent("request.timeout.ms", "15000");
        try (Admin admin = Admin.create(properties)) {
            return new Administration(admin, request).run(op);
        }
    }

    private Object run(String op) throws Exception {
        return switch (op) {
            case "topic.create" -> createTopic();
            case "topic.delete" -> await(admin.deleteTopics(strings(request.get("topics"))).all());
            case "topic.describe" -> describeTopics();
            case "topic.list" -> await(admin.listTopics().names()).stream().sorted().toList();
            case "topic.addPartitions" -> addPartitions();
            case "topic.offsets" -> offsets();
            case "records.delete" -> deleteRecords();
            case "config.list" -> listConfig();
            case "config.alter" -> alterConfig();
            case "group.commit" -> await(admin.alterConsumerGroupOffsets(request.get("group").asText(), committed()).all());
            case "group.offsets" -> groupOffsets();
            case "group.list" -> await(admin.listGroups().all()).stream().map(group -> group.groupId()).sorted().toList();
            case "group.delete" -> await(admin.deleteConsumerGroups(strings(request.get("groups"))).all());
            case "acl.create" -> await(admin.createAcls(acls()).all());
            case "acl.list" -> await(admin.describeAcls(AclBindingFilter.ANY).values()).stream().map(Administration::aclFields).toList();
            default -> throw new IOException("no such operation: " + op);
        };
    }

    private static <T> T await(KafkaFuture<T> future) throws Exception {
        return future.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    }

    private String topic() {
        return request.get("topic").asText();
    }

    private static List<String> strings(JsonNode array) {
        List<String> strings = new ArrayList<>();
        array.forEach(item -> strings.add(item.asText()));
        return strings;
    }

    private Object createTopic() throws Exception {
        NewTopic topic;
        if (request.hasNonNull("assignments")) {
            Map<Integer, List<Integer>> assignments = new HashMap<>();
            for (JsonNode replicas : request.get("assignments")) {
                List<Integer> ids = new ArrayList<>();
                replicas.forEach(id -> ids.add(id.asInt()));
                assignments.put(assignments.size(), ids);
            }
            topic = new NewTopic(topic(), assignments);
        } else {
            topic = new NewTopic(topic(), request.path("partitions").asInt(1), (short) request.path("replicationFactor").asInt(1));
        }
        Map<String, String> configs = new HashMap<>();
        request.path("configs").properties().forEach(entry -> configs.put(entry.getKey(), entry.getValue().asText()));
        var created = admin.createTopics(List.of(topic.configs(configs)));
        await(created.all());
        String id = await(created.topicId(topic())).toString();
        awaitLeaders(await(created.numPartitions(topic())));
        return Map.of("topicId", id);
    }

    private Object addPartitions() throws Exception {
        int total = request.get("partitions").asInt();
        await(admin.createPartitions(Map.of(topic(), NewPartitions.increaseTo(total))).all());
        awaitLeaders(total);
        return null;
    }

    /**
     * Creating answers before the brokers know that they lead. A producer that sends too soon has its first batch refused, and the second, which is
     * under way already, is taken in its place when the broker knows in between: it knows nothing of the producer and takes any sequence. The first
     * is then out of order until it expires. Whoever answers for the log end leads.
     */
    private void awaitLeaders(int partitions) throws Exception {
        long expires = System.currentTimeMillis() + TimeUnit.SECONDS.toMillis(TIMEOUT_SECONDS);
        while (true) {
            try {
                TopicDescription description = await(admin.describeTopics(List.of(topic())).allTopicNames()).get(topic());
                if (description.partitions().size() >= partitions && description.partitions().stream().allMatch(partition -> partition.leader() != null)) {
                    Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
                    for (TopicPartitionInfo info : description.partitions()) ends.put(new TopicPartition(topic(), info.partition()), OffsetSpec.latest());
                    await(admin.listOffsets(ends).all());
                    return;
                }
            } catch (java.util.concurrent.ExecutionException failure) {
                if (!(failure.getCause() instanceof org.apache.kafka.common.errors.UnknownTopicOrPartitionException)) throw failure;
            }
            if (System.currentTimeMillis() > expires) throw new IOException("topic " + topic() + " has partitions without a leader");
            Thread.sleep(20);
        }
    }

    private Object describeTopics() throws Exception {
        List<Map<String, Object>> topics = new ArrayList<>();
        for (TopicDescription description : new TreeMap<>(await(admin.describeTopics(strings(request.get("topics"))).allTopicNames())).values()) {
            List<Map<String, Object>> partitions = new ArrayList<>();
            for (TopicPartitionInfo info : description.partitions()) {
                Map<String, Object> partition = new LinkedHashMap<>();
                partition.put("partition", info.partition());
                partition.put("leader", info.leader() == null ? null : info.leader().id());
                partition.put("replicas", info.replicas().stream().map(Node::id).toList());
                partition.put("isr", info.isr().stream().map(Node::id).toList());
                partitions.add(partition);
            }
            topics.add(Map.of("topic", description.name(), "topicId", description.topicId().toString(), "partitions", partitions));
        }
        return topics;
    }

    private Object offsets() throws Exception {
        boolean committed = request.path("isolation").asText().equals("read_committed");
        ListOffsetsOptions options = new ListOffsetsOptions(committed ? IsolationLevel.READ_COMMITTED : IsolationLevel.READ_UNCOMMITTED);
        Map<TopicPartition, OffsetSpec> starts = new HashMap<>();
        Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
        for (TopicDescription description : await(admin.describeTopics(strings(request.get("topics"))).allTopicNames()).values()) {
            for (TopicPartitionInfo info : description.partitions()) {
                TopicPartition partition = new TopicPartition(description.name(), info.partition());
                starts.put(partition, OffsetSpec.earliest());
                ends.put(partition, OffsetSpec.latest());
            }
        }
        Map<TopicPartition, ListOffsetsResultInfo> start = await(admin.listOffsets(starts, options).all());
        Map<TopicPartition, ListOffsetsResultInfo> end = await(admin.listOffsets(ends, options).all());
        return sorted(start.keySet()).stream().map(partition -> {
            Map<String, Object> row = row(partition);
            row.put("start", Long.toString(start.get(partition).offset()));
            row.put("end", Long.toString(end.get(partition).offset()));
            return row;
        }).toList();
    }

    private Object deleteRecords() throws Exception {
        Map<TopicPartition, RecordsToDelete> before = new HashMap<>();
        for (JsonNode entry : request.get("before")) before.put(partition(entry), RecordsToDelete.beforeOffset(offset(entry)));
        return await(admin.deleteRecords(before).all());
    }

    private ConfigResource resource() {
        return request.hasNonNull("broker")
                ? new ConfigResource(ConfigResource.Type.BROKER, request.get("broker").asText())
                : new ConfigResource(ConfigResource.Type.TOPIC, topic());
    }

    /** What was set for the topic or broker itself; with "all" also what it has by default. */
    private Object listConfig() throws Exception {
        boolean all = request.path("all").asBoolean();
        Map<String, String> values = new TreeMap<>();
        for (ConfigEntry entry : await(admin.describeConfigs(List.of(resource())).all()).get(resource()).entries()) {
            boolean own = entry.source() == ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG || entry.source() == ConfigEntry.ConfigSource.DYNAMIC_BROKER_CONFIG;
            if (all || own) values.put(entry.name(), entry.value());
        }
        return values;
    }

    private Object alterConfig() throws Exception {
        Collection<AlterConfigOp> operations = new ArrayList<>();
        request.get("configs").properties().forEach(entry -> {
            boolean unset = entry.getValue().isNull();
            ConfigEntry value = new ConfigEntry(entry.getKey(), unset ? "" : entry.getValue().asText());
            operations.add(new AlterConfigOp(value, unset ? AlterConfigOp.OpType.DELETE : AlterConfigOp.OpType.SET));
        });
        return await(admin.incrementalAlterConfigs(Map.of(resource(), operations)).all());
    }

    private Map<TopicPartition, OffsetAndMetadata> committed() {
        Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
        for (JsonNode entry : request.get("offsets")) {
            Optional<Integer> epoch = entry.hasNonNull("leaderEpoch") ? Optional.of(entry.get("leaderEpoch").asInt()) : Optional.empty();
            offsets.put(partition(entry), new OffsetAndMetadata(offset(entry), epoch, entry.path("metadata").asText("")));
        }
        return offsets;
    }

    private Object groupOffsets() throws Exception {
        Map<TopicPartition, OffsetAndMetadata> offsets =
                await(admin.listConsumerGroupOffsets(request.get("group").asText()).partitionsToOffsetAndMetadata());
        return sorted(offsets.keySet()).stream().filter(partition -> offsets.get(partition) != null).map(partition -> {
            OffsetAndMetadata value = offsets.get(partition);
            Map<String, Object> row = row(partition);
            row.put("offset", Long.toString(value.offset()));
            row.put("metadata", value.metadata());
            row.put("leaderEpoch", value.leaderEpoch().orElse(null));
            return row;
        }).toList();
    }

    private Collection<AclBinding> acls() {
        List<AclBinding> bindings = new ArrayList<>();
        for (JsonNode acl : request.get("acls")) {
            ResourceType type = ResourceType.fromString(acl.get("resourceType").asText());
            PatternType pattern = PatternType.fromString(acl.path("patternType").asText("LITERAL"));
            bindings.add(new AclBinding(
                    new ResourcePattern(type, acl.get("resourceName").asText(), pattern),
                    new AccessControlEntry(
                            acl.get("principal").asText(),
                            acl.path("host").asText("*"),
                            AclOperation.fromString(acl.get("operation").asText()),
                            AclPermissionType.fromString(acl.path("permission").asText("ALLOW")))));
        }
        return bindings;
    }

    private static Map<String, Object> aclFields(AclBinding binding) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("resourceType", binding.pattern().resourceType().name());
        fields.put("resourceName", binding.pattern().name());
        fields.put("patternType", binding.pattern().patternType().name());
        fields.put("principal", binding.entry().principal());
        fields.put("host", binding.entry().host());
        fields.put("operation", binding.entry().operation().name());
        fields.put("permission", binding.entry().permissionType().name());
        return fields;
    }

    private static TopicPartition partition(JsonNode entry) {
        return new TopicPartition(entry.get("topic").asText(), entry.get("partition").asInt());
    }

    private static long offset(JsonNode entry) {
        return Long.parseLong(entry.get("offset").asText());
    }

    private static Map<String, Object> row(TopicPartition partition) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("topic", partition.topic());
        row.put("partition", partition.partition());
        return row;
    }

    private static List<TopicPartition> sorted(Collection<TopicPartition> partitions) {
        return partitions.stream()
                .sorted((a, b) -> a.topic().equals(b.topic()) ? a.partition() - b.partition() : a.topic().compareTo(b.topic()))
                .toList();
    }
}
