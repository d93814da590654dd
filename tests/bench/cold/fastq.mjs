import fastq from "fastq";

export const first = fastq.promise(async () => 1, 10).push("first");
