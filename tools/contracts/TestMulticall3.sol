// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// Many calls in one, for test chains: the part of Multicall3's interface that facilitators and viem call. Own work.
contract TestMulticall3 {
    struct Call { address target; bytes callData; }
    struct Call3 { address target; bool allowFailure; bytes callData; }
    struct Result { bool success; bytes returnData; }

    function tryAggregate(bool requireSuccess, Call[] calldata calls) external payable returns (Result[] memory returnData) {
        returnData = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) returnData[i] = _call(calls[i].target, calls[i].callData, !requireSuccess);
    }

    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory returnData) {
        returnData = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; i++) returnData[i] = _call(calls[i].target, calls[i].callData, calls[i].allowFailure);
    }

    function getEthBalance(address addr) external view returns (uint256 balance) { return addr.balance; }

    function _call(address target, bytes calldata callData, bool allowFailure) private returns (Result memory result) {
        (result.success, result.returnData) = target.call(callData);
        require(result.success || allowFailure, "TestMulticall3: call failed");
    }
}
