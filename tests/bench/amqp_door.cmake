# The door of the hub beside a RabbitMQ quorum queue. Included by the CMakeLists.txt of tests/unit/platform_messaging.
add_executable(bench_amqp_door EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/bench/amqp_door.cpp ${CMAKE_SOURCE_DIR}/tests/support/rabbitmq.cpp)
target_link_libraries(bench_amqp_door PRIVATE zhida_messaging zhida_storage)
target_include_directories(bench_amqp_door PRIVATE ${CMAKE_SOURCE_DIR}/hub ${CMAKE_SOURCE_DIR}/tests)
target_compile_definitions(bench_amqp_door PRIVATE ZHIDA_DOOR_PROGRAM="$<TARGET_FILE:door_program>")
set_target_properties(bench_amqp_door PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
add_dependencies(bench_amqp_door door_program)
