import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.*;
import org.apache.kafka.common.protocol.*;
import org.apache.kafka.common.record.MemoryRecords;

/** Prints requests and responses as Kafka's own classes write them, and Kafka's table of errors: what the codecs are compared with. */
class Messages {
  static final Uuid ID = new Uuid(0x0123456789abcdefL, 0x1032547698badcfeL);
  static final StringBuilder OUT = new StringBuilder("{\n");

  static void put(String name, Message message, int version) {
    ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, (short) version).buffer();
    StringBuilder hex = new StringBuilder();
    while (buffer.hasRemaining()) hex.append(String.format("%02x", buffer.get()));
    OUT.append("  \"").append(name).append("\": \"").append(hex).append("\",\n");
  }

  static MemoryRecords records(String text) {
    return MemoryRecords.readableRecords(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }

  static void fetch() {
    for (int version : new int[] {11, 13}) {
      var partition = new FetchRequestData.FetchPartition().setPartition(3).setFetchOffset(4_294_967_297L)
          .setCurrentLeaderEpoch(5).setPartitionMaxBytes(2_097_152);
      var topic = new FetchRequestData.FetchTopic().setPartitions(List.of(partition));
      if (version == 13) { topic.setTopicId(ID); partition.setLastFetchedEpoch(4); } else topic.setTopic("orders");
      put("fetch-v" + version + ".request", new FetchRequestData().setReplicaId(-1).setMaxWaitMs(500).setMinBytes(1)
          .setMaxBytes(2_097_152).setSessionId(0).setSessionEpoch(-1).setTopics(List.of(topic)), version);
      var data = new FetchResponseData.PartitionData().setPartitionIndex(3).setErrorCode((short) 0)
          .setHighWatermark(4_294_967_400L).setLastStableOffset(4_294_967_399L).setLogStartOffset(7)
          .setAbortedTransactions(List.of(new FetchResponseData.AbortedTransaction().setProducerId(9).setFirstOffset(10)))
          .setPreferredReadReplica(-1).setRecords(records("raw batches"));
      var answer = new FetchResponseData.FetchableTopicResponse().setPartitions(List.of(data));
      if (version == 13) answer.setTopicId(ID); else answer.setTopic("orders");
      var response = new FetchResponseData().setThrottleTimeMs(12).setSessionId(0).setResponses(List.of(answer));
      put("fetch-v" + version + ".response", response, version);
      if (version != 13) continue;
      data.setRecords(records("")).setDivergingEpoch(new FetchResponseData.EpochEndOffset().setEpoch(2).setEndOffset(99))
          .setCurrentLeader(new FetchResponseData.LeaderIdAndEpoch().setLeaderId(1).setLeaderEpoch(6));
      put("fetch-v13.diverging", response, version);
    }
  }

  static void metadata() {
    for (int version : new int[] {7, 10}) {
      var topic = new MetadataRequestData.MetadataRequestTopic().setName("größe");
      put("metadata-v" + version + ".request",
          new MetadataRequestData().setTopics(List.of(topic)).setAllowAutoTopicCreation(false), version);
      put("metadata-v" + version + ".all", new MetadataRequestData().setTopics(null).setAllowAutoTopicCreation(false), version);
      var partition = new MetadataResponseData.MetadataResponsePartition().setErrorCode((short) 9).setPartitionIndex(1)
          .setLeaderId(2).setLeaderEpoch(8).setReplicaNodes(List.of(2, 3)).setIsrNodes(List.of(2)).setOfflineReplicas(List.of(3));
      var answer = new MetadataResponseData.MetadataResponseTopic().setName("größe").setIsInternal(true)
          .setPartitions(List.of(partition));
      if (version == 10) answer.setTopicId(ID);
      var brokers = new MetadataResponseData.MetadataResponseBrokerCollection();
      brokers.add(new MetadataResponseData.MetadataResponseBroker().setNodeId(2).setHost("b2").setPort(9092).setRack("r"));
      brokers.add(new MetadataResponseData.MetadataResponseBroker().setNodeId(3).setHost("b3").setPort(9093).setRack(null));
      var topics = new MetadataResponseData.MetadataResponseTopicCollection();
      topics.add(answer);
      put("metadata-v" + version + ".response", new MetadataResponseData().setThrottleTimeMs(3).setBrokers(brokers)
          .setClusterId("cluster").setControllerId(2).setTopics(topics), version);
    }
  }

  static void produce() {
    var topics = new ProduceRequestData.TopicProduceDataCollection();
    topics.add(new ProduceRequestData.TopicProduceData().setName("orders").setPartitionData(
        List.of(new ProduceRequestData.PartitionProduceData().setIndex(3).setRecords(records("one batch")))));
    put("produce-v8.request", new ProduceRequestData().setTransactionalId("tx").setAcks((short) -1).setTimeoutMs(10_000)
        .setTopicData(topics), 8);
    var responses = new ProduceResponseData.TopicProduceResponseCollection();
    responses.add(new ProduceResponseData.TopicProduceResponse().setName("orders").setPartitionResponses(
        List.of(new ProduceResponseData.PartitionProduceResponse().setIndex(3).setErrorCode((short) 87).setBaseOffset(11)
            .setLogAppendTimeMs(12).setLogStartOffset(13).setErrorMessage("whole batch").setRecordErrors(
                List.of(new ProduceResponseData.BatchIndexAndErrorMessage().setBatchIndex(0).setBatchIndexErrorMessage("first record"))))));
    put("produce-v8.response", new ProduceResponseData().setResponses(responses).setThrottleTimeMs(5), 8);
    put("init-producer-id-v1.request", new InitProducerIdRequestData().setTransactionalId(null).setTransactionTimeoutMs(600_000), 1);
    put("init-producer-id-v1.response", new InitProducerIdResponseData().setThrottleTimeMs(1).setProducerId(1_000_000_000_000L)
        .setProducerEpoch((short) 6), 1);
  }

  static void offsets() {
    var asked = new ListOffsetsRequestData.ListOffsetsPartition().setPartitionIndex(3).setCurrentLeaderEpoch(-1).setTimestamp(-2);
    put("list-offsets-v5.request", new ListOffsetsRequestData().setReplicaId(-1).setIsolationLevel((byte) 1).setTopics(
        List.of(new ListOffsetsRequestData.ListOffsetsTopic().setName("orders").setPartitions(List.of(asked)))), 5);
    var found = new ListOffsetsResponseData.ListOffsetsPartitionResponse().setPartitionIndex(3).setErrorCode((short) 0)
        .setTimestamp(-1).setOffset(77).setLeaderEpoch(4);
    put("list-offsets-v5.response", new ListOffsetsResponseData().setThrottleTimeMs(2).setTopics(
        List.of(new ListOffsetsResponseData.ListOffsetsTopicResponse().setName("orders").setPartitions(List.of(found)))), 5);
    var epochTopics = new OffsetForLeaderEpochRequestData.OffsetForLeaderTopicCollection();
    epochTopics.add(new OffsetForLeaderEpochRequestData.OffsetForLeaderTopic().setTopic("orders").setPartitions(List.of(
        new OffsetForLeaderEpochRequestData.OffsetForLeaderPartition().setPartition(3).setCurrentLeaderEpoch(9).setLeaderEpoch(8))));
    put("offset-for-leader-epoch-v3.request", new OffsetForLeaderEpochRequestData().setReplicaId(-1).setTopics(epochTopics), 3);
    var ends = new OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResultCollection();
    ends.add(new OffsetForLeaderEpochResponseData.OffsetForLeaderTopicResult().setTopic("orders").setPartitions(List.of(
        new OffsetForLeaderEpochResponseData.EpochEndOffset().setErrorCode((short) 0).setPartition(3).setLeaderEpoch(7).setEndOffset(70))));
    put("offset-for-leader-epoch-v3.response", new OffsetForLeaderEpochResponseData().setThrottleTimeMs(2).setTopics(ends), 3);
  }

  static void topics() {
    put("describe-configs-v2.request", new DescribeConfigsRequestData().setIncludeSynonyms(false).setResources(List.of(
        new DescribeConfigsRequestData.DescribeConfigsResource().setResourceType((byte) 2).setResourceName("orders")
            .setConfigurationKeys(null))), 2);
    put("describe-configs-v2.response", new DescribeConfigsResponseData().setThrottleTimeMs(2).setResults(List.of(
        new DescribeConfigsResponseData.DescribeConfigsResult().setResourceType((byte) 2).setResourceName("orders").setErrorMessage(null)
            .setConfigs(List.of(new DescribeConfigsResponseData.DescribeConfigsResourceResult().setName("retention.ms").setValue("5")
                .setConfigSource((byte) 1).setReadOnly(true).setIsSensitive(false).setSynonyms(List.of(
                    new DescribeConfigsResponseData.DescribeConfigsSynonym().setName("log.retention.ms").setValue(null)
                        .setSource((byte) 4))))))), 2);
    var changes = new IncrementalAlterConfigsRequestData.AlterableConfigCollection();
    changes.add(new IncrementalAlterConfigsRequestData.AlterableConfig().setName("a").setConfigOperation((byte) 0).setValue("1"));
    changes.add(new IncrementalAlterConfigsRequestData.AlterableConfig().setName("b").setConfigOperation((byte) 1).setValue(null));
    var resources = new IncrementalAlterConfigsRequestData.AlterConfigsResourceCollection();
    resources.add(new IncrementalAlterConfigsRequestData.AlterConfigsResource().setResourceType((byte) 2).setResourceName("orders")
        .setConfigs(changes));
    put("incremental-alter-configs-v0.request", new IncrementalAlterConfigsRequestData().setResources(resources), 0);
    put("incremental-alter-configs-v0.response", new IncrementalAlterConfigsResponseData().setThrottleTimeMs(2).setResponses(List.of(
        new IncrementalAlterConfigsResponseData.AlterConfigsResourceResponse().setErrorCode((short) 40).setErrorMessage("no")
            .setResourceType((byte) 2).setResourceName("orders"))), 0);
    var configs = new CreateTopicsRequestData.CreatableTopicConfigCollection();
    configs.add(new CreateTopicsRequestData.CreatableTopicConfig().setName("retention.ms").setValue("-1"));
    var assignments = new CreateTopicsRequestData.CreatableReplicaAssignmentCollection();
    assignments.add(new CreateTopicsRequestData.CreatableReplicaAssignment().setPartitionIndex(0).setBrokerIds(List.of(3, 1)));
    var created = new CreateTopicsRequestData.CreatableTopicCollection();
    created.add(new CreateTopicsRequestData.CreatableTopic().setName("orders").setNumPartitions(4).setReplicationFactor((short) 2)
        .setConfigs(configs));
    created.add(new CreateTopicsRequestData.CreatableTopic().setName("assigned").setNumPartitions(-1).setReplicationFactor((short) -1)
        .setAssignments(assignments));
    put("create-topics-v4.request", new CreateTopicsRequestData().setTopics(created).setTimeoutMs(10_000), 4);
    var results = new CreateTopicsResponseData.CreatableTopicResultCollection();
    results.add(new CreateTopicsResponseData.CreatableTopicResult().setName("orders").setErrorCode((short) 36).setErrorMessage("there"));
    put("create-topics-v4.response", new CreateTopicsResponseData().setThrottleTimeMs(2).setTopics(results), 4);
    put("delete-topics-v3.request", new DeleteTopicsRequestData().setTopicNames(List.of("orders")).setTimeoutMs(10_000), 3);
    var deleted = new DeleteTopicsResponseData.DeletableTopicResultCollection();
    deleted.add(new DeleteTopicsResponseData.DeletableTopicResult().setName("orders").setErrorCode((short) 73));
    put("delete-topics-v3.response", new DeleteTopicsResponseData().setThrottleTimeMs(2).setResponses(deleted), 3);
  }

  static void groups() {
    put("find-coordinator-v2.request", new FindCoordinatorRequestData().setKey("tx").setKeyType((byte) 1), 2);
    put("find-coordinator-v2.response", new FindCoordinatorResponseData().setThrottleTimeMs(2).setErrorMessage("NONE").setNodeId(4)
        .setHost("b4").setPort(9094), 2);
    var listed = new ListGroupsResponseData.ListedGroup().setGroupId("g").setProtocolType("consumer");
    put("list-groups-v2.response", new ListGroupsResponseData().setThrottleTimeMs(2).setErrorCode((short) 14).setGroups(List.of(listed)), 2);
    put("list-groups-v5.request", new ListGroupsRequestData(), 5);
    put("list-groups-v5.response", new ListGroupsResponseData().setThrottleTimeMs(2).setGroups(
        List.of(listed.duplicate().setGroupState("Stable").setGroupType("consumer"))), 5);
    put("describe-groups-v4.request", new DescribeGroupsRequestData().setGroups(List.of("g")), 4);
    put("describe-groups-v4.response", new DescribeGroupsResponseData().setThrottleTimeMs(2).setGroups(List.of(
        new DescribeGroupsResponseData.DescribedGroup().setGroupId("g").setGroupState("Stable").setProtocolType("consumer")
            .setProtocolData("range").setMembers(List.of(new DescribeGroupsResponseData.DescribedGroupMember().setMemberId("m")
                .setGroupInstanceId(null).setClientId("c").setClientHost("h").setMemberMetadata(new byte[] {1, 2})
                .setMemberAssignment(new byte[] {3}))))), 4);
    put("consumer-group-describe-v0.request", new ConsumerGroupDescribeRequestData().setGroupIds(List.of("g")), 0);
    var assignment = new ConsumerGroupDescribeResponseData.Assignment().setTopicPartitions(List.of(
        new ConsumerGroupDescribeResponseData.TopicPartitions().setTopicId(ID).setTopicName("orders").setPartitions(List.of(1, 2))));
    put("consumer-group-describe-v0.response", new ConsumerGroupDescribeResponseData().setThrottleTimeMs(2).setGroups(List.of(
        new ConsumerGroupDescribeResponseData.DescribedGroup().setGroupId("g").setGroupState("Stable").setGroupEpoch(3)
            .setAssignmentEpoch(3).setAssignorName("uniform").setMembers(List.of(new ConsumerGroupDescribeResponseData.Member()
                .setMemberId("m").setClientId("c").setClientHost("h").setMemberEpoch(3).setSubscribedTopicNames(List.of("orders"))
                .setAssignment(assignment).setTargetAssignment(assignment))))), 0);
    put("offset-fetch-v5.request", new OffsetFetchRequestData().setGroupId("g").setTopics(null), 5);
    put("offset-fetch-v5.response", new OffsetFetchResponseData().setThrottleTimeMs(2).setTopics(List.of(
        new OffsetFetchResponseData.OffsetFetchResponseTopic().setName("orders").setPartitions(List.of(
            new OffsetFetchResponseData.OffsetFetchResponsePartition().setPartitionIndex(3).setCommittedOffset(33)
                .setCommittedLeaderEpoch(2).setMetadata("note"))))), 5);
    put("offset-commit-v7.request", new OffsetCommitRequestData().setGroupId("g").setGenerationIdOrMemberEpoch(-1).setMemberId("")
        .setTopics(List.of(new OffsetCommitRequestData.OffsetCommitRequestTopic().setName("orders").setPartitions(List.of(
            new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(3).setCommittedOffset(33)
                .setCommittedLeaderEpoch(-1).setCommittedMetadata("note"))))), 7);
    put("offset-commit-v7.response", new OffsetCommitResponseData().setThrottleTimeMs(2).setTopics(List.of(
        new OffsetCommitResponseData.OffsetCommitResponseTopic().setName("orders").setPartitions(List.of(
            new OffsetCommitResponseData.OffsetCommitResponsePartition().setPartitionIndex(3).setErrorCode((short) 25))))), 7);
    put("delete-groups-v1.request", new DeleteGroupsRequestData().setGroupsNames(List.of("g")), 1);
    var deleted = new DeleteGroupsResponseData.DeletableGroupResultCollection();
    deleted.add(new DeleteGroupsResponseData.DeletableGroupResult().setGroupId("g").setErrorCode((short) 68));
    put("delete-groups-v1.response", new DeleteGroupsResponseData().setThrottleTimeMs(2).setResults(deleted), 1);
    var versions = new ApiVersionsResponseData.ApiVersionCollection();
    versions.add(new ApiVersionsResponseData.ApiVersion().setApiKey((short) 1).setMinVersion((short) 4).setMaxVersion((short) 17));
    put("api-versions-v0.response", new ApiVersionsResponseData().setApiKeys(versions), 0);
  }

  public static void main(String[] args) {
    fetch();
    metadata();
    produce();
    offsets();
    topics();
    groups();
    OUT.append("  \"errors\": [\n");
    var errors = Errors.values();
    for (int i = 0; i < errors.length; i++) {
      boolean retriable = errors[i].exception() instanceof org.apache.kafka.common.errors.RetriableException;
      OUT.append("    [").append(errors[i].code()).append(", \"").append(errors[i].name()).append("\", ").append(retriable)
          .append(i + 1 < errors.length ? "],\n" : "]\n");
    }
    System.out.print(OUT.append("  ]\n}\n"));
  }
}
